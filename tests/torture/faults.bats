# faults.bats - each system call of a commit fails once, and is the last one once
# limit: 3000
# long: every call of every kind of commit, with every error

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
	else
		faults kills KILL
	fi
}

@test "a commit of which each call fails once" {
	if short; then
		faults errors ENOSPC add
		faults settled EACCES settle
	else
		faults errors ENOSPC,EIO,EACCES,EINTR,EDQUOT
	fi
}
