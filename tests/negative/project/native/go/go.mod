module example.com/api

go 1.99

require example.com/log v1.0.0

replace example.com/log => ../../../log
