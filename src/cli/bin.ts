#!/usr/bin/env node
// What `npx wayhouse` runs.
import "./wayhouse.ts";
