"""In which language a letter is written, and what of it has to be translated by a person.

The standing sentences are in the catalogues (casemgr/locale), the wordings are data by language. What people wrote for
the case exists in `SOURCE` alone: a letter in another language has each such sentence with its translation.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.utils import formats

from apps.notices.letter import Profile, Translation

SOURCE = "en"

# Countries with one official language, in which casemgr writes letters. Where there are several, as in Switzerland,
# Belgium or Luxembourg, nobody can tell from the country which one an account holder reads.
OFFICIAL = {"AT": "de", "DE": "de", "LI": "de"}


def language_for(country: str, translated: Collection[str]) -> str:
    """In which language an account gets its letter among many: in the one official language of its country, once
    sentences of the case were `translated` into it; in English else, and where nobody knows the country."""
    language = OFFICIAL.get(country.upper(), SOURCE)
    return language if language in translated else SOURCE


@dataclass(frozen=True)
class Manner:
    """How a letter is to be written. No profile: the one that the account's country suggests."""

    language: str = SOURCE
    profile: Profile | None = None
    sort: str = ""
    translations: tuple[Translation, ...] = ()
    lists_accounts: bool = False


@dataclass
class Sentences:
    """Says what people wrote for the case in the language of a letter, and remembers what it was asked for."""

    manner: Manner
    asked: dict[str, Translation] = field(default_factory=dict)

    def __call__(self, name: str, source: str) -> str:
        """The translation of a sentence, or itself as long as nobody made one. `name` says which sentence it is."""
        source = source.strip()
        if self.manner.language == SOURCE or not source:
            return source
        known = {item.source: item.text for item in self.manner.translations}
        self.asked[name] = Translation(name, source, known.get(source, ""))
        return self.asked[name].text or source

    @property
    def translations(self) -> tuple[Translation, ...]:
        return tuple(self.asked.values())


def number(value: int) -> str:
    """With the thousands apart, as the language in use writes them."""
    return str(formats.number_format(value, use_l10n=True, force_grouping=True))


def untranslated(translations: Iterable[Translation]) -> list[str]:
    return [item.name for item in translations if not item.text]


def outdated(translations: Iterable[Translation], now: Iterable[Translation]) -> list[str]:
    """Names of the sentences that say something else now than when they were translated, or were not there."""
    before = {item.name: item.source for item in translations}
    return [item.name for item in now if before.get(item.name) != item.source]
