#!/bin/sh
# AWS's runtime client for Node.js, version 4, refuses an async handler for a third parameter that it never uses, on Node.js 22 too.
#
# Guess: callbacks went away with the runtime nodejs24.x, so that a handler that returns a promise is fine everywhere, and one with
# a callback still is on Node.js 22.  Seen with aws-lambda-ric 4.0.2: what counts is the number of parameters without a default,
# `handler.length`, and neither the version of Node.js nor what the handler returns. `async (event, context, callback)` ends the
# start with Runtime.CallbackHandlerDeprecated; with AWS_EXECUTION_ENV=AWS_Lambda_nodejs22.x the message blames Managed Instances,
# which are not in use. The same code with `callback = undefined`, or with `...rest`, starts. Wrappers of middleware that pass three
# parameters on are refused, though the handler inside of them is not. Version 3.3.0 takes all of them.
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
export AWS_LAMBDA_RUNTIME_API=127.0.0.1:9 AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_FUNCTION_VERSION=1 _HANDLER=app.handler
export AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 AWS_LAMBDA_LOG_GROUP_NAME=g AWS_LAMBDA_LOG_STREAM_NAME=s
export AWS_EXECUTION_ENV=AWS_Lambda_nodejs22.x LAMBDA_TASK_ROOT="$work"
for parameters in 'event, context' 'event, context, callback' 'event, context, callback = undefined' '...rest'; do
  echo "exports.handler = async ($parameters) => 'taken';" > app.js
  found=$(timeout 60 node --require ./client.cjs package/index.mjs 2>&1 | grep -oE '^answer:.*|when using Node.js 22 with Managed Instances' | head -1)
  echo "($parameters): $found" | tee -a seen
done
diff seen - <<'END'
(event, context): answer: "taken"
(event, context, callback): when using Node.js 22 with Managed Instances
(event, context, callback = undefined): answer: "taken"
(...rest): answer: "taken"
END
