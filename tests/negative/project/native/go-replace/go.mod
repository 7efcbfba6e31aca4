module example.com/api

go 1.24

replace (
	example.com/log => ../../../log
	example.com/gone => ./gone
)
