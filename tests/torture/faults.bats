# faults.bats - each system call of a commit fails once, and is the last one once, on each form
# limit: 3000
# long: more kinds of commits of the hash; make torture: every kind, with every error

load ../lib/test
load torture

faults() {	# faults NAME FORM FAULTS [CHANGE...]
	local name=$1 form=$2
	shift 2
	figures "$name.$form" timeout 2900 "$BUILD/tests/torture/prog_faults" "$DIR" "$form" "$BUILD/vsmtprelay/vsmtprelay" makemap "$@"
}

killed() {	# killed FORM
	if short; then
		faults kills "$1" KILL add settle
	elif longest; then
		faults kills "$1" KILL
	elif [ "$1" = db ]; then
		faults kills "$1" KILL add settle expire
	else
		faults kills "$1" KILL add
	fi
}

failing() {	# failing FORM
	if short; then
		faults errors "$1" ENOSPC add
		[ "$1" != db ] || faults settled "$1" EACCES settle
	elif longest; then
		faults errors "$1" ENOSPC,EIO,EACCES,EINTR,EDQUOT
	else
		[ "$1" != db ] || faults expired "$1" EIO expire
		faults errors "$1" EIO add
		[ "$1" != db ] || faults settled "$1" EACCES settle
	fi
}

@test "a commit killed at each of its calls: hash" {
	killed db
}

@test "a commit killed at each of its calls: lmdb" {
	killed lmdb
}

@test "a commit killed at each of its calls: sqlite" {
	killed sqlite
}

@test "a commit of which each call fails once: hash" {
	failing db
}

@test "a commit of which each call fails once: lmdb" {
	failing lmdb
}

@test "a commit of which each call fails once: sqlite" {
	failing sqlite
}
