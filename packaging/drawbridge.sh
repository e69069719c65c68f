#!/bin/sh
# The command line of the gate that runs as a service.
set -a
[ -r /etc/drawbridge/environment ] && . /etc/drawbridge/environment
set +a
export DRAWBRIDGE_DATA="${DRAWBRIDGE_DATA:-/var/lib/drawbridge}"
export DRAWBRIDGE_ROUTES="${DRAWBRIDGE_ROUTES:-/etc/drawbridge/routes}"
export DRAWBRIDGE_POLICIES="${DRAWBRIDGE_POLICIES:-/etc/drawbridge/policies}"
exec /opt/drawbridge/current/node_modules/node/bin/node /opt/drawbridge/current/src/main.ts "$@"
