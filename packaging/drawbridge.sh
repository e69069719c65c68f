#!/bin/sh
# The command line of the gate that runs as a service.
# NAME=value, line by line, as systemd reads it: a value is no shell, whatever stands in it.
if [ -r /etc/drawbridge/environment ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '' | '#'* | ';'*) ;;
      [A-Z_]*=*)
        value=${line#*=}
        case $value in
          \"*\") value=${value#\"} value=${value%\"} ;;
          \'*\') value=${value#\'} value=${value%\'} ;;
        esac
        export "${line%%=*}=$value"
        ;;
    esac
  done </etc/drawbridge/environment
fi
export DRAWBRIDGE_DATA="${DRAWBRIDGE_DATA:-/var/lib/drawbridge}"
export DRAWBRIDGE_ROUTES="${DRAWBRIDGE_ROUTES:-/etc/drawbridge/routes}"
export DRAWBRIDGE_POLICIES="${DRAWBRIDGE_POLICIES:-/etc/drawbridge/policies}"
exec /opt/drawbridge/current/node_modules/node/bin/node /opt/drawbridge/current/src/main.js "$@"
