"""The demo: `python -m casemgr.run demo|stop|reset`."""
