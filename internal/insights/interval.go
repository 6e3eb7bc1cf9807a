// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Bucket is how many events there are from a time on, up to the next hour.
type Bucket struct {
	Start time.Time
	Count int64
}

// Hours asks how many events of a query are of each hour; its limit, token and fields are ignored. An hour without a
// bucket has none. The errors are those of Open and of Page.
func (c *Client) Hours(ctx context.Context, query Query) ([]Bucket, ServerClock, error) {
	request, err := query.hours()
	if err != nil {
		return nil, ServerClock{}, err
	}
	answer, err := c.post(ctx, hoursPath, request)
	if err != nil {
		return nil, ServerClock{}, err
	}
	data, err := answer.read()
	if err != nil {
		return nil, ServerClock{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil {
		return nil, answer.clock, answer.failed(reasonIntervals)
	}
	buckets, found := findBuckets(body)
	if !found {
		return nil, answer.clock, answer.failed(reasonIntervals)
	}
	return buckets, answer.clock, nil
}

// findBuckets looks for an array of buckets, below whatever keys. It is documented below "buckets", and no answer of
// it is known.
func findBuckets(value any) (buckets []Bucket, found bool) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			bucket, ok := asBucket(element)
			if !ok {
				return nil, false
			}
			buckets = append(buckets, bucket)
		}
		return buckets, true
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			below, ok := findBuckets(value[key])
			if len(below) > 0 {
				return below, true
			}
			found = found || ok
		}
	}
	return nil, found
}

// latestSecond tells a number of seconds from one of milliseconds: it is in the year 5138, or in 1973.
const latestSecond = 100_000_000_000

func asBucket(element any) (Bucket, bool) {
	object, ok := element.(map[string]any)
	if !ok {
		return Bucket{}, false
	}
	key, keyed := asInteger(object["key"])
	count, counted := asInteger(object["doc_count"])
	if !keyed || !counted {
		return Bucket{}, false
	}
	if key > latestSecond || key < -latestSecond {
		return Bucket{Start: time.UnixMilli(key).UTC(), Count: count}, true
	}
	return Bucket{Start: time.Unix(key, 0).UTC(), Count: count}, true
}

func asInteger(value any) (int64, bool) {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Int64()
		return number, err == nil
	case string:
		number, err := strconv.ParseInt(value, 10, 64)
		return number, err == nil
	default:
		return 0, false
	}
}
