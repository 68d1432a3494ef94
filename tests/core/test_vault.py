import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import vault


@pytest.fixture(autouse=True)
def own_vault(settings, tmp_path):
    settings.VAULT_DIR = tmp_path / "vault"
    return settings.VAULT_DIR


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_file_lies_under_its_hash_and_cannot_be_written(own_vault):
    stored = vault.put(b"some evidence")
    path = vault.path_of(stored.sha256)
    assert stored.sha256 == hashlib.sha256(b"some evidence").hexdigest()
    assert path.name == stored.sha256
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(own_vault.stat().st_mode) & 0o077 in (0, 0o055)  # only what the umask of the parents gives
    assert vault.read(stored.sha256) == b"some evidence"


@given(parts=st.lists(st.binary(max_size=3000), max_size=8))
def test_however_it_streams_in_the_hashes_are_those_of_the_whole(parts):
    stored = vault.put(iter(parts))
    whole = b"".join(parts)
    assert (stored.sha256, stored.sha512) == (hashlib.sha256(whole).hexdigest(), hashlib.sha512(whole).hexdigest())
    assert (stored.size, stored.head) == (len(whole), whole[:4096])
    assert b"".join(vault.chunks(stored.sha256)) == whole
    assert vault.measure(stored.sha256) == stored.sha256


def test_the_same_content_at_once_is_one_file(own_vault):
    content = [b"x" * 1000] * 50
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: vault.put(iter(content)), range(16)))
    assert len({s.sha256 for s in stored}) == 1
    assert len(files(own_vault)) == 1


def test_above_the_limit_nothing_is_kept(own_vault):
    with pytest.raises(vault.TooLarge, match="more than 10 bytes"):
        vault.put(iter([b"12345", b"67890", b"1"]), limit=10)
    assert files(own_vault) == []
    assert vault.put(iter([b"12345", b"67890"]), limit=10).size == 10


def test_a_stream_that_breaks_off_leaves_nothing(own_vault):
    def broken():
        yield b"half of it"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        vault.put(broken())
    assert files(own_vault) == []


def test_a_stream_is_never_held_whole(own_vault):
    """Sixty-four megabytes pass through a few."""
    import tracemalloc

    tracemalloc.start()
    vault.put(bytes(vault.CHUNK) for _ in range(64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * vault.CHUNK


def test_damage_and_loss_are_measured():
    stored = vault.put(b"whole")
    path = vault.path_of(stored.sha256)
    path.chmod(0o600)
    path.write_bytes(b"wh0le")
    assert vault.measure(stored.sha256) == hashlib.sha256(b"wh0le").hexdigest()
    path.unlink()
    assert vault.measure(stored.sha256) == ""
    with pytest.raises(vault.Missing):
        vault.read(stored.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "/" * 64])
def test_a_path_is_made_from_a_hash_only(name):
    with pytest.raises(ValueError, match="not a SHA-256"):
        vault.path_of(name)
