#!/bin/sh
# Find a Chromium for the tests of the pages; where there is none, and this is a Debian system that root works on, as
# in a container, install it. Never fails: without a browser these tests are skipped and say so.
for name in chromium chromium-browser google-chrome-stable google-chrome microsoft-edge; do
	command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "no Chromium was found: the tests of the pages will be skipped (install Chromium or Chrome to run them)"
	exit 0
fi
echo "installing Chromium for the tests of the pages ..."
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 ||
	echo "Chromium could not be installed: the tests of the pages will be skipped"
