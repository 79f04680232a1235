"""The settings that the gateway's template needs."""

import re


def template_names(root):
    text = (root / "deploy/nginx/nginx.conf.template").read_text()
    names = set(re.findall(r"\$\{([A-Z_]+)\}", "\n".join(line for line in text.splitlines() if not line.startswith("#"))))
    # settings.envsh derives the excluded names from the added ones and from GATEWAY_…_PER_MINUTE.
    derived = r"^GATEWAY_([A-Z]+_(BURST|RETRY_SECS)|UPSTREAMS|LISTENERS|REDIRECT|STATUS)$"
    return {name for name in names if not re.search(derived, name)} | {"GATEWAY_SERVICE_ADDR", "GATEWAY_LISTEN", "GATEWAY_STATUS_LISTEN"}
