"""Files that come in and copies that go out."""
