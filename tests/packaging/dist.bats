# make dist: the tarball has what the repository has, and is enough to build and check

load ../lib/test

source=$BATS_TEST_DIRNAME/../..

make_there() {	# make_there DIRECTORY WORD...: as a user who was told nothing by our own make, and has no git
	mkdir -p "$SCRATCH/nogit"
	printf '#!/bin/sh\necho "$0 $*" >>%s/git-was-called\nexit 1\n' "$SCRATCH" >"$SCRATCH/nogit/git"
	chmod 755 "$SCRATCH/nogit/git"
	env -u MAKEFLAGS -u MAKELEVEL -u BUILD PATH="$SCRATCH/nogit:$PATH" make -s -C "$@"
}

@test "the tarball is complete, the same each time, and builds and checks without git" {
	git -c safe.directory='*' -C "$source" rev-parse -q --verify HEAD >/dev/null 2>&1 || skip 'no clone, or no git'
	version=$(sed -n 's/^VERSION = //p' "$source/config.mk")
	for n in 1 2; do
		env -u MAKEFLAGS -u MAKELEVEL make -s -C "$source" dist BUILD="$SCRATCH/dist$n"
	done
	cmp "$SCRATCH"/dist[12]/vsmtprelay-"$version".tar.gz
	tar -xzf "$SCRATCH/dist1/vsmtprelay-$version.tar.gz" -C "$SCRATCH"
	cd "$SCRATCH/vsmtprelay-$version"
	diff <(find . ! -type d -printf '%P\n' | LC_ALL=C sort) \
		<(git -c safe.directory='*' -C "$source" -c core.quotepath=off ls-tree -r --name-only HEAD | LC_ALL=C sort)
	[ -z "$(find . -perm /022 ! -type l)" ]
	make_there . -j2 CFLAGS=-O0 build/vsmtprelay/vsmtprelay build/tests/unit/test_common_json
	[ "$(build/vsmtprelay/vsmtprelay --version)" = "vsmtprelay $version" ]
	build/tests/unit/test_common_json
	said=$(make_there . dist 2>&1) && fail "made without git: $said"
	[[ $said == *'this is no clone of the repository'* ]] || fail "$said"
	rm "$SCRATCH/git-was-called"
	make_there . -n all check >/dev/null
	[ ! -e "$SCRATCH/git-was-called" ]
}
