# SPDX-License-Identifier: Apache-2.0
#
# The least of each benchmark's runs in two files of `go test -bench`, and their ratio: what else the machine does
# makes a run longer and never shorter.

/^Benchmark/ {
	for (i = 3; i < NF; i += 2) {
		key = $1 " " $(i + 1)
		if (FILENAME == ARGV[1] && !(key in names)) {
			names[key] = ++count
			order[count] = key
		}
		if (!((FILENAME, key) in least) || $i + 0 < least[FILENAME, key]) {
			least[FILENAME, key] = $i + 0
		}
	}
}

END {
	for (n = 1; n <= count; n++) {
		key = order[n]
		if (least[ARGV[1], key] > 0 && (ARGV[2], key) in least) {
			printf "%s: %g before, %g today, ratio %.2f\n", key, least[ARGV[1], key], least[ARGV[2], key],
				least[ARGV[2], key] / least[ARGV[1], key]
		}
	}
}
