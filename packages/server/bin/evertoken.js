#!/usr/bin/env node
// in the repository, and not built, so that npm finds a command to link before there is a build
import "../dist/main.js"
