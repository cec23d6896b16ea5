#!/usr/bin/env bash
# Installs the programs that tests talk to, where they are missing:
#   setup.sh proxies      squid, tinyproxy, microsocks
#   setup.sh integration  the above, prometheus (with promtool) and chromium
#   setup.sh browsers     chromium and firefox-esr
# On a system without apt it says what to install and lets the tests go on
# without: those that need a missing program skip themselves.
set -euo pipefail

want=()
need() { # command, package
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || want+=("$2")
}

for set in "$@"; do
	case $set in
	proxies | integration)
		need squid squid
		need tinyproxy tinyproxy
		need microsocks microsocks
		;;&
	integration)
		need prometheus prometheus
		need chromium chromium
		;;
	browsers)
		need chromium chromium
		need firefox-esr firefox-esr
		;;
	proxies) ;;
	*)
		echo "setup.sh: unknown set '$set', want proxies, integration or browsers" >&2
		exit 2
		;;
	esac
done

[ ${#want[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
	echo "setup.sh: please install: ${want[*]}" >&2
	exit 0
fi
echo "setup.sh: installing ${want[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
