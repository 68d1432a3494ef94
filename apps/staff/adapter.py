from allauth.account.adapter import DefaultAccountAdapter

from apps.staff import actions


class ClosedSignUp(DefaultAccountAdapter):
    """People are invited; passwords change through the ledger."""

    def is_open_for_signup(self, request) -> bool:
        return False

    def set_password(self, user, password: str) -> None:
        actions.change_password(user, password=password, by=user)
