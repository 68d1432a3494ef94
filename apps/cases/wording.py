"""What a finding may say: what accounts did, and how likely that is; not who is guilty, and not what it was used for.

The letter has its own, longer list. These words are refused where they would first be written.
"""

import re

from django.core.exceptions import ValidationError

# words, the element an exhibit must show for them to be allowed (None: never), what to say instead
REFUSED = (
    (r"stole|stolen|steal(?:s|ing)?|theft|thie(?:f|ves)", None, "say what was done: “collected output automatically”"),
    (r"prove[sdn]?|proof|certainly|undoubtedly|definitely", None, "the confidence says how likely it is"),
    (r"guilty|criminals?|crimes?|fraudsters?|hackers?|culprits?", None, "name the accounts, not the people"),
    (
        r"(?:trained|distilled|cloned|copied) (?:a|an|its|their|our|the) (?:own )?(?:\w+ )?models?",
        "training",
        "an exhibit must show training; say what the requests show",
    ),
    (r"(?:model )?weights", "training", "outputs were collected, not parameters"),
)


def check(*, conduct: str, limits: str, elements: set[str]) -> None:
    """Raise ValidationError with every word that the evidence does not carry, and what to say instead."""
    if not limits.strip():
        raise ValidationError({"limits": "Say what the evidence does not show: no evidence shows everything."})
    if len(conduct.split()) < 4:
        raise ValidationError({"conduct": "Say in a whole sentence what the accounts did."})
    problems = [
        f"“{match[0]}”: {instead}."
        for words, needs, instead in REFUSED
        if needs not in elements
        for match in re.finditer(rf"\b(?:{words})\b", conduct, re.IGNORECASE)
    ]
    if problems:
        raise ValidationError({"conduct": problems})
