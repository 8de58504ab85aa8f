# Shell script for the guest's busybox: pipes, loops, functions, here-documents, arithmetic. What it calls is part of the
# shell or an applet that the shell runs in a forked child without executing a program, so that an emulator which does not
# follow execve can run it, too.

PATH=/none

collatz() {
    n=$1 steps=0
    while [ "$n" -ne 1 ]; do
        if [ $((n % 2)) -eq 0 ]; then n=$((n / 2)); else n=$((3 * n + 1)); fi
        steps=$((steps + 1))
    done
    echo "$1 $steps"
}

echo "machine: $(uname -m)"
echo "sum of squares: $(seq 1 1000 | awk '{ sum += $1 * $1 } END { print sum }')"
echo "digest: $(seq 1 20000 | sha256sum | cut -d ' ' -f 1)"
echo "longest ways to one below 60:"
for i in $(seq 1 60); do collatz "$i"; done | sort -k 2 -n -r | head -n 3

awk 'BEGIN { for (i = 0; i < 8; i++) { line = ""; for (j = 0; j < 32; j++) line = line ((i * j % 7 < 3) ? "#" : "."); print line } }'

while read -r key value; do
    case $key in
        a*) echo "first: $value" ;;
        *) echo "other: $key ${#value}" ;;
    esac
done <<END
alpha one two
beta three
END

(exit 7)
echo "status of a subshell: $?"
