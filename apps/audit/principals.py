from dataclasses import dataclass

import rules


@dataclass(frozen=True)
class System:
    """casemgr itself, at work in the background; what it may do is the role `system`."""

    name: str = "worker"
    on_behalf_of: str = ""

    actor_kind = "system"
    roles = ("system",)
    is_active = True
    is_authenticated = True

    @property
    def actor(self) -> str:
        return f"system:{self.name}"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return rules.has_perm(perm, self, obj)

    def __str__(self) -> str:
        return f"casemgr ({self.name})"
