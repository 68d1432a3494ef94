"""In place of the client of a cloud, which ElastAlert2 imports before it is asked for anything."""
