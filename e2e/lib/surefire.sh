# What Maven's test runner says of each test.
# shellcheck shell=bash

# surefire_cases LABEL TARGET: "ok LABEL CLASS.TEST", "FAILED LABEL CLASS.TEST: REASON" or
# "skipped ..." for each test in the reports below TARGET.
surefire_cases() {
  local label=$1
  cat "$2"/surefire-reports/TEST-*.xml | awk -v label="$label" '
    function attribute(name,    found) {
      if (!match($0, " " name "=\"[^\"]*\"")) return ""
      found = substr($0, RSTART, RLENGTH)
      gsub("^[^\"]*\"|\"$", "", found)
      return found
    }
    function class(    found) {
      found = attribute("classname")
      sub("^.*[.]", "", found)
      return found
    }
    function told() { if (test != "") print outcome, label, test; test = "" }
    /<testcase / { told(); outcome = "ok"; test = class() "." attribute("name") }
    test != "" && outcome != "FAILED" && /<(failure|error)[ >]/ {
      outcome = "FAILED"
      test = test ": " substr(attribute("type") " " attribute("message"), 1, 300)
    }
    test != "" && /<skipped/ { outcome = "skipped" }
    END { told() }'
}
