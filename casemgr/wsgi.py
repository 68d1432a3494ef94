import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casemgr.settings")
application = get_wsgi_application()

# What is loaded now stays: the collector of garbage would walk it again and again while alerts are decoded.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
