# Shell script whose every command is a program of its own, executed by the shell: run with a PATH of guest programs.

printf '%s\n' quail lyrebird wren lyrebird bowerbird wren lyrebird >birds
sort birds | uniq -c | sort -r | sed 's/^ *//'
tr a-z A-Z <birds | grep -c LYREBIRD
find . -name 'bird*' | wc -l | tr -d ' '
cat birds birds birds | gzip -c | gzip -d -c | sha1sum
env -i A=b env
rm birds
