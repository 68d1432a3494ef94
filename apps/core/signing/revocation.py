"""Whether certificates were revoked: asked at the addresses that they name, as far as the settings allow these.

By OCSP (RFC 6960) where a certificate names a responder, and by lists of revoked certificates (RFC 5280) where it names
those. pyHanko says what it needs to know of which certificate, and judges the answers.
"""

from collections.abc import AsyncGenerator, Iterable

from asn1crypto import crl, ocsp, pem, x509
from pyhanko_certvalidator.authority import Authority
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError, OCSPValidationError
from pyhanko_certvalidator.fetchers import CertificateFetcher, CRLFetcher, Fetchers, OCSPFetcher
from pyhanko_certvalidator.fetchers.common_utils import (
    enumerate_delivery_point_urls,
    format_ocsp_request,
    process_ocsp_response_data,
)
from pyhanko_certvalidator.util import get_ocsp_urls, get_relevant_crl_dps

from apps.core import outbound

LARGEST_ANSWER = 64 * 1024  # of a responder, with its certificates
LARGEST_LIST = 16 * 1024 * 1024  # of a large authority
SECONDS = 10
# What the library raises for an answer that is not what it should be, each part when it is first looked at.
MALFORMED = (ValueError, TypeError, KeyError, AttributeError)


class Unanswered(Exception):
    """An address did not say what was asked of it; says which, and why, in a sentence."""


class Sources:
    """What the addresses in certificates answered, and what was wrong with those that did not."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.fetchers = Fetchers(_Responders(self.problems), _Lists(self.problems), _NoCertificates())


class _Responders(OCSPFetcher):
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.found: dict[bytes, ocsp.OCSPResponse] = {}

    async def fetch(self, cert: x509.Certificate, authority: Authority) -> ocsp.OCSPResponse:
        request = format_ocsp_request(cert, authority, certid_hash_algo="sha1", request_nonces=True)
        for url in get_ocsp_urls(cert):
            try:
                self.found[cert.issuer_serial] = _ask(url, request)
                return self.found[cert.issuer_serial]
            except Unanswered as error:
                self.problems.append(str(error))
        raise OCSPFetchError("no responder answered")

    def fetched_responses(self) -> Iterable[ocsp.OCSPResponse]:
        return self.found.values()

    def fetched_responses_for_cert(self, cert: x509.Certificate) -> Iterable[ocsp.OCSPResponse]:
        return [self.found[cert.issuer_serial]] if cert.issuer_serial in self.found else []


class _Lists(CRLFetcher):
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.read: dict[str, crl.CertificateList] = {}  # by address: many certificates name one list
        self.found: dict[bytes, list[crl.CertificateList]] = {}

    async def fetch(self, cert: x509.Certificate, *, use_deltas: bool | None = None) -> Iterable[crl.CertificateList]:
        points = get_relevant_crl_dps(cert, use_deltas=False)
        urls = [url for point in points for url in enumerate_delivery_point_urls(point)]
        for url in urls:
            try:
                self.read[url] = self.read.get(url) or _read_list(url)
            except Unanswered as error:
                self.problems.append(str(error))
        self.found[cert.issuer_serial] = [self.read[url] for url in urls if url in self.read]
        if urls and not self.found[cert.issuer_serial]:
            raise CRLFetchError("no list was to be had")
        return self.found[cert.issuer_serial]

    def fetched_crls(self) -> Iterable[crl.CertificateList]:
        return self.read.values()

    def fetched_crls_for_cert(self, cert: x509.Certificate) -> Iterable[crl.CertificateList]:
        """Raises KeyError for a certificate of which nothing was asked yet."""
        return self.found[cert.issuer_serial]


class _NoCertificates(CertificateFetcher):
    """The certificates are all at hand: in the key's file, in the time stamp, in the settings."""

    async def fetch_cert_issuers(self, cert: x509.Certificate) -> AsyncGenerator[x509.Certificate, None]:
        for certificate in self.fetched_certs():
            yield certificate

    async def fetch_crl_issuers(self, certificate_list: crl.CertificateList) -> AsyncGenerator[x509.Certificate, None]:
        for certificate in self.fetched_certs():
            yield certificate

    def fetched_certs(self) -> Iterable[x509.Certificate]:
        return []


def _ask(url: str, request: ocsp.OCSPRequest) -> ocsp.OCSPResponse:
    headers = {"Content-Type": "application/ocsp-request", "User-Agent": "casemgr"}
    answer = outbound.post(
        url,
        request.dump(),
        headers,
        seconds=SECONDS,
        reach=outbound.revocation(),
        read_at_most=LARGEST_ANSWER + 1,
    )
    try:
        return process_ocsp_response_data(_body(url, answer, LARGEST_ANSWER), ocsp_request=request, ocsp_url=url)
    except OCSPValidationError as error:
        raise Unanswered(f"{url}: {error}.") from error
    except MALFORMED as error:
        raise Unanswered(f"{url}: what it answers is no answer of a responder.") from error


def _read_list(url: str) -> crl.CertificateList:
    answer = outbound.get(
        url, {"User-Agent": "casemgr"}, seconds=SECONDS, reach=outbound.revocation(), read_at_most=LARGEST_LIST + 1
    )
    body = _body(url, answer, LARGEST_LIST)
    try:
        found = crl.CertificateList.load(pem.unarmor(body)[2] if pem.detect(body) else body, strict=True)
        _ = found["tbs_cert_list"]["issuer"].native  # it is read no sooner than it is asked for
    except MALFORMED as error:
        raise Unanswered(f"{url}: what it answers is no list of revoked certificates.") from error
    return found


def _body(url: str, answer: outbound.Outcome, largest: int) -> bytes:
    if not answer.is_success:
        raise Unanswered(f"{url}: {answer.problem}")
    if len(answer.body) > largest:
        raise Unanswered(f"{url}: it answers with more than {largest} bytes.")
    return answer.body
