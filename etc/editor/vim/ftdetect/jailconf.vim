autocmd BufRead,BufNewFile jail.conf,jail.*.conf,*/jail.conf.d/*.conf set filetype=jailconf
