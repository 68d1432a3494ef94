class AWSRequestsAuth:
    """Never called: ElastAlert2 only derives from it."""
