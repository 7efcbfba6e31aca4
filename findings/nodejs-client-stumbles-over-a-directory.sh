#!/bin/sh
# AWS's runtime client for Node.js, version 4, does not start where a directory stands beside the handler's file and has its name.
#
# Guess: the handler "app.handler" is in app.js, whatever else there is, as require("./app") and the client's older versions have it;
# and where there is only app/index.js, that is loaded. Seen with aws-lambda-ric 4.0.2 and Node.js 24: it looks for "app" without
# an ending first, finds the directory, and imports it as a module, which ends the start with ERR_UNSUPPORTED_DIR_IMPORT; app.js
# is not looked at. A file "app" without an ending is preferred to app.js as well. So "app.js" with its parts in "app/", a usual
# layout, works locally, and in no function whose image has this client.
# Only the module for HTTP, which is compiled at installation, is replaced here. Exits with 1 when that changes.
# Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent aws-lambda-ric@4.0.2 > packed
tar -xzf aws-lambda-ric-4.0.2.tgz
touch package/rapid-client.node
cat > client.cjs <<'END'
require('module')._extensions['.node'] = (module) => {
  module.exports = {
    next: async () => ({
      bodyJson: '{}',
      headers: { 'lambda-runtime-aws-request-id': '1', 'lambda-runtime-deadline-ms': '9999999999999', 'lambda-runtime-invoked-function-arn': 'arn' },
    }),
    done: (id, body) => { require('fs').writeSync(1, `answer: ${body}\n`); process.exit(0); },
  };
};
END
mkdir -p alone beside/app index/app
echo 'exports.handler = async () => "app.js";' | tee alone/app.js > beside/app.js
echo 'exports.part = 1;' > beside/app/part.js
echo 'exports.handler = async () => "app/index.js";' > index/app/index.js
export AWS_LAMBDA_RUNTIME_API=127.0.0.1:9 AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_FUNCTION_VERSION=1 _HANDLER=app.handler
export AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 AWS_LAMBDA_LOG_GROUP_NAME=g AWS_LAMBDA_LOG_STREAM_NAME=s
for layout in alone beside index; do
  export LAMBDA_TASK_ROOT="$work/$layout"
  found=$(timeout 60 node --require ./client.cjs package/index.mjs 2>&1 | grep -oE '^answer:.*|ERR_UNSUPPORTED_DIR_IMPORT' | head -1)
  node=$(node --print "'' + require('$work/$layout/app').handler")
  echo "$layout: $found; require finds ${node#*=> }" | tee -a seen
done
diff seen - <<'END'
alone: answer: "app.js"; require finds "app.js"
beside: ERR_UNSUPPORTED_DIR_IMPORT; require finds "app.js"
index: ERR_UNSUPPORTED_DIR_IMPORT; require finds "app/index.js"
END
