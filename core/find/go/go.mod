module btfbatchfind

go 1.19
