module example.com/api

go 1.24

require (
	github.com/aws/aws-lambda-go v1.50.0
	example.com/log v0.0.0
)

replace example.com/log => ./log
