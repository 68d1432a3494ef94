"""Interim: replaced by branch log's."""

from dataclasses import dataclass

from apps.audit.log import notes


@dataclass(frozen=True)
class _W:
    verifier: notes.CosignatureVerifier
    url: str


@dataclass(frozen=True)
class Policy:
    witnesses: dict
    groups: dict
    quorum: str

    @classmethod
    def parse(cls, text):
        w, g, q = {}, {}, "none"
        for line in text.splitlines():
            parts = line.split()
            if not parts or parts[0].startswith("#"):
                continue
            if parts[0] == "witness":
                w[parts[1]] = _W(notes.CosignatureVerifier.parse(parts[2]), parts[3] if len(parts) > 3 else "")
            elif parts[0] == "group":
                n = {"all": len(parts) - 3, "any": 1}.get(parts[2]) or int(parts[2])
                g[parts[1]] = (n, parts[3:])
            elif parts[0] == "quorum":
                q = parts[1]
        return cls(w, g, q)

    def is_met_by(self, names):
        def met(x):
            if x in self.groups:
                n, m = self.groups[x]
                return sum(map(met, m)) >= n
            return x in names

        return self.quorum == "none" or met(self.quorum)
