"""Prints the expressions of all dashboards as recording rules, for `promtool check rules`. Needs no package.

Usage: panel_rules.py ROOT
"""

import json
import sys
from pathlib import Path

print("groups:\n- name: panels\n  rules:")
for path in sorted((Path(sys.argv[1]) / "deploy/grafana/dashboards").glob("*.json")):
    for panel in json.loads(path.read_text())["panels"]:
        if panel["datasource"]["type"] != "prometheus":
            continue
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m").replace("$service", "wallet")
            print(f"  - record: {path.stem}:panel_{panel['id']}:{target['refId']}\n    expr: {json.dumps(expression)}")
