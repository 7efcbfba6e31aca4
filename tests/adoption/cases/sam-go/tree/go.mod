module hello

require github.com/aws/aws-lambda-go v1.47.0
