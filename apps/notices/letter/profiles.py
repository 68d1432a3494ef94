"""By which rules a letter is written: where its recipient is, as far as the account's record says."""

from typing import Literal, get_args

Profile = Literal["eu", "us", "other"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

NAMES: dict[str, str] = {
    "eu": "European Union: statement of reasons (Art. 17(3) DSA)",
    "us": "United States: notice under the contract",
    "other": "Elsewhere: reasons and appeal, as house rules ask",
}

# The European Economic Area, where Regulation (EU) 2022/2065 applies.
EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(" ")  # noqa: SIM905
)
# Where no country is on record, the letter says most: leaving out what the law may ask for cannot be made good.
UNKNOWN: Profile = "eu"


def profile_for(country: str) -> Profile:
    """The profile that a country (ISO 3166, two letters; "" is unknown) suggests; whoever drafts may take another."""
    if not country:
        return UNKNOWN
    if country in EEA:
        return "eu"
    return "us" if country == "US" else "other"
