"""The tests of the catalogue, a module for each group of kindred ones. Each module names its tests in TESTS."""
