# SPDX-License-Identifier: Apache-2.0
#
# Ratios of medians within one run, from the output of `go test -bench`: of the benchmarks with
# path=receiver to the same with path=maps and path=floor. The input is sorted by name and time.

/\/path=/ {
	split($1, name, "/path=")
	sub(/-[0-9]+$/, "", name[2])
	count[name[1], name[2]]++
	times[name[1], name[2], count[name[1], name[2]]] = $3
	if (name[2] == "receiver") {
		names[name[1]] = 1
	}
}

function median(of, path, n) {
	n = count[of, path]
	return (times[of, path, int((n + 1) / 2)] + times[of, path, int(n / 2) + 1]) / 2
}

END {
	for (of in names) {
		if (count[of, "maps"] && count[of, "floor"]) {
			printf "%s: %.1f times as fast as maps, %.1f times the floor\n", of,
				median(of, "maps") / median(of, "receiver"), median(of, "receiver") / median(of, "floor")
		}
	}
}
