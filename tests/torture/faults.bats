# faults.bats - each system call of a commit fails once, and is the last one once
# limit: 3000
# long: more kinds of commits; make torture: every kind, with every error

load ../lib/test
load torture

faults() {	# faults NAME FAULTS [CHANGE...]
	local name=$1
	shift
	figures "$name" timeout 2900 "$BUILD/tests/torture/prog_faults" "$DIR" "$BUILD/vsmtprelay/vsmtprelay" makemap "$@"
}

@test "a commit killed at each of its calls" {
	if short; then
		faults kills KILL add settle
	elif longest; then
		faults kills KILL
	else
		faults kills KILL add settle expire
	fi
}

@test "a commit of which each call fails once" {
	if short; then
		faults errors ENOSPC add
		faults settled EACCES settle
	elif longest; then
		faults errors ENOSPC,EIO,EACCES,EINTR,EDQUOT
	else
		faults errors EIO add expire
		faults settled EACCES settle
	fi
}
