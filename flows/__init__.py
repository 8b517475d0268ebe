"""Prefect around the pipeline: schedule, retries and run history. The only package that imports prefect.

Prefect stores what it is given in clear, so it is given paths, dates and step names. What it would send
out is switched off here, before it is imported; a value that the environment already has stands.
"""

import os

ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_LOG_PRINTS": "false",
}

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
