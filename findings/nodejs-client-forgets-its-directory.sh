#!/bin/sh
# AWS's runtime client for Node.js, version 4, takes neither the handler of its command line nor the working directory.
#
# Guess: "aws-lambda-ric index.handler" in WORKDIR /function loads /function/index.js, as AWS's guide for images on other bases and
# the client's own README have it. Version 3.3.0 does: it takes the argument and the working directory.
# Seen with aws-lambda-ric 4.0.2 and Node.js 24: nothing reads the arguments. The handler is _HANDLER, and its directory is
# LAMBDA_TASK_ROOT, a variable that Lambda sets itself (/var/task, by its guide). So an image with its code in /function, built again
# without a lock, finds no module there, or another than its command names; elsewhere the client ends, as the variables are not set.
# Only the module for HTTP, which is compiled at installation, is replaced here. Exits with 1 when that changes.
# Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir old function task
npm pack --silent aws-lambda-ric@3.3.0 aws-lambda-ric@4.0.2 > packed
tar -xzf aws-lambda-ric-3.3.0.tgz -C old
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
echo 'exports.handler = async () => "of the argument and the working directory";' > function/other.js
echo 'exports.handler = async () => "of the working directory";' > function/index.js
echo 'exports.handler = async () => "of the variables";' > task/index.js
export AWS_LAMBDA_RUNTIME_API=127.0.0.1:9 AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_FUNCTION_VERSION=1
export AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 AWS_LAMBDA_LOG_GROUP_NAME=g AWS_LAMBDA_LOG_STREAM_NAME=s
cd function
start() { timeout 60 env "$@" node --require ../client.cjs ../package/index.mjs other.handler 2>&1 | grep -oE '^answer:.*|[A-Z_]+ environment variable is not set$' | head -1; }
echo "version 3 reads: $(grep -oE 'process\.(cwd\(\)|argv\[2\])' ../old/package/bin/index.mjs | tr '\n' ' ')" | tee ../seen
echo "without variables: $(start AWS=1)" | tee -a ../seen
echo "_HANDLER alone: $(start _HANDLER=index.handler)" | tee -a ../seen
echo "both: $(start _HANDLER=index.handler LAMBDA_TASK_ROOT="$work/task")" | tee -a ../seen
diff ../seen - <<'END'
version 3 reads: process.cwd() process.argv[2] 
without variables: _HANDLER environment variable is not set
_HANDLER alone: LAMBDA_TASK_ROOT environment variable is not set
both: answer: "of the variables"
END
