# shellcheck shell=bash
# Functions of the scripts that check and test the console: its packages, and a copy of it with them.
# Sourced after shell.sh, never run.

# console_packages: installs the packages of console/ outside the repository. Fails when Node or a package is missing.
console_packages() {
  if ! have npm || ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; then
    note "Node 20 or later with npm is not installed"
    return 1
  fi
  local packages=$TOOLS/console
  if ! cmp -s "$ROOT/console/package-lock.json" "$packages/package-lock.json"; then
    rm -rf "$packages"
    mkdir -p "$packages"
    cp "$ROOT"/console/package{,-lock}.json "$packages/"
    npm --prefix "$packages" ci --ignore-scripts --no-audit --no-fund >&2 || {
      rm -rf "$packages"
      note "the packages of console cannot be installed"
      return 1
    }
  fi
}

# graph_packages: installs the router of the read graph outside the repository. Fails when a package is missing.
graph_packages() {
  local packages=$TOOLS/graph
  if ! cmp -s "$ROOT/deploy/graph/package-lock.json" "$packages/package-lock.json"; then
    rm -rf "$packages"
    mkdir -p "$packages"
    cp "$ROOT"/deploy/graph/package{,-lock}.json "$packages/"
    npm --prefix "$packages" ci --ignore-scripts --no-audit --no-fund >&2 || {
      rm -rf "$packages"
      note "the router of the read graph cannot be installed"
      return 1
    }
  fi
  # Node looks for packages beside the file that names them.
  cp "$ROOT"/deploy/graph/{gateway.config.mjs,supergraph.graphql} "$packages/"
}

# console_copy DIR: copies console/ and links the packages into the copy, because Node looks for them beside the files.
console_copy() {
  mkdir -p "$1"
  cp -R "$ROOT/console/." "$1"
  rm -rf "$1/node_modules"
  ln -s "$TOOLS/console/node_modules" "$1/node_modules"
}
