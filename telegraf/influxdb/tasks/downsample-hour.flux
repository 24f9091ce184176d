// The last hours once more, with what boards that were cut off have delivered meanwhile.
import "date"

option task = {name: "openegiz-downsample-hour", every: 1h, offset: 5m}

reach = 2h

// Whole minutes only: a minute read in part would replace its own complete figures. A task's now() is the time
// it was due, so a run that comes late, or again, writes the same points.
stop = date.truncate(t: now(), unit: 1m)
start = date.sub(d: reach, from: stop)

raw = () =>
    from(bucket: "raw")
        |> range(start: start, stop: stop)
        |> filter(
            fn: (r) =>
                r._measurement == "electrical" or r._measurement == "thermal" or r._measurement == "environmental"
                    or
                    r._measurement == "status",
        )

// Texts and switches are known by their names, everything else is a number: the storage engine then sums up by itself,
// 20 times as fast as behind a filter by type. What a board adds of its own is named accordingly by Telegraf.
texts = () =>
    raw()
        |> filter(
            fn: (r) =>
                r._field == "firmware_version" or r._field == "quality" or r._field == "status" or r._field == "timestamp"
                    or
                    r._field == "configuration_hash" or r._field =~ /\.text$/,
        )

switches = () => raw() |> filter(fn: (r) => r._field == "heating_active" or r._field =~ /\.flag$/)

numbers = () =>
    raw()
        |> filter(
            fn: (r) =>
                r._field != "firmware_version" and r._field != "quality" and r._field != "status"
                    and
                    r._field != "timestamp" and r._field != "configuration_hash" and r._field != "heating_active"
                    and
                    r._field !~ /\.(text|flag)$/,
        )

// Nothing is passed on: results wait for each other in memory, gigabytes of them with 10,000 boards.
store = (tables=<-) => tables |> to(bucket: "downsampled") |> filter(fn: (r) => not exists r._time)

// Beside the other figures of its minute, as a field of its own. Always a float: an integer and a fraction in one
// field would refuse each other.
figures = (tables=<-, suffix) =>
    tables
        |> map(fn: (r) => ({r with _field: r._field + suffix, _value: float(v: r._value)}))
        |> store()

numbers()
    |> aggregateWindow(every: 1m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> figures(suffix: "_mean")
    |> yield(name: "mean")
numbers()
    |> aggregateWindow(every: 1m, fn: min, createEmpty: false, timeSrc: "_start")
    |> figures(suffix: "_min")
    |> yield(name: "min")
numbers()
    |> aggregateWindow(every: 1m, fn: max, createEmpty: false, timeSrc: "_start")
    |> figures(suffix: "_max")
    |> yield(name: "max")
numbers()
    |> aggregateWindow(every: 1m, fn: count, createEmpty: false, timeSrc: "_start")
    |> figures(suffix: "_count")
    |> yield(name: "count")

// The part of the minute's readings in which it was on.
switches()
    |> map(fn: (r) => ({r with _value: if r._value then 1.0 else 0.0}))
    |> aggregateWindow(every: 1m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> figures(suffix: "_fraction")
    |> yield(name: "fraction")

texts()
    |> aggregateWindow(every: 1m, fn: last, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with _field: r._field + "_last"}))
    |> store()
    |> yield(name: "last")
