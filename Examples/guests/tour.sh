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
    printf '%3d steps from %d\n' "$steps" "$1"
}

count() {
    i=$1
    while [ "$i" -le "$2" ]; do
        echo "$i"
        i=$((i + 1))
    done
}

echo "machine: $(uname -m)"
echo "digest: $(count 1 5000 | sha256sum | cut -d ' ' -f 1)"
echo "longest ways to one below 60:"
for start in $(count 1 60); do collatz "$start"; done | sort -r | head -n 3

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
