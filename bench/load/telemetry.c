#include "telemetry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const ELECTRICAL =
    "\"measurements\":{\"voltage\":{\"a\":%.1f,\"b\":229.8,\"c\":231.1,\"unit\":\"V\"},"
    "\"current\":{\"a\":12.34,\"b\":12.1,\"c\":12.52,\"unit\":\"A\"},\"power_factor\":0.92,"
    "\"active_power\":{\"total\":7.85,\"unit\":\"kW\"},\"energy\":{\"total\":1843.2,\"unit\":\"kWh\"},\"frequency\":50.01}";
static const char *const THERMAL =
    "\"measurements\":{\"temperature_zones\":[{\"zone\":1,\"value\":%.1f,\"unit\":\"C\"},"
    "{\"zone\":2,\"value\":182.1,\"unit\":\"C\"},{\"zone\":3,\"value\":179.8,\"unit\":\"C\"}],"
    "\"setpoint\":180,\"heating_active\":true}";
static const char *const ENVIRONMENTAL =
    "\"measurements\":{\"ambient_temperature\":{\"value\":%.1f,\"unit\":\"C\"},\"humidity\":{\"value\":45.2,\"unit\":\"%%RH\"},"
    "\"pressure\":{\"value\":1013.2,\"unit\":\"hPa\"},\"co2\":{\"value\":450,\"unit\":\"ppm\"}}";

/* The level of a topic, from 0; returns its length. */
static int level(const char *topic, int index, const char **start) {
    for (; index > 0; index--) topic = strchr(topic, '/') + 1;
    *start = topic;
    return (int)strcspn(topic, "/");
}

static size_t write_time(char *out) {
    static time_t shown;
    static char seconds[32];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (t.tv_sec != shown) {
        struct tm utc;
        shown = t.tv_sec;
        strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&shown, &utc));
    }
    return (size_t)sprintf(out, "%s.%03ldZ", seconds, t.tv_nsec / 1000000);
}

size_t telemetry_write(char *out, const char *device, const char *topic, uint32_t seq) {
    const char *equipment, *sensor;
    int equipment_len = level(topic, 3, &equipment), sensor_len = level(topic, 4, &sensor);
    const char *measurements = *sensor == 'e' && sensor[1] == 'l' ? ELECTRICAL : *sensor == 't' ? THERMAL : ENVIRONMENTAL;
    double value = 20 + seq % 100 * 0.1;
    char *end = out;
    end += sprintf(end, "{\"device_id\":\"%s\",\"thing_id\":\"factory:%.*s\",\"timestamp\":\"", device, equipment_len, equipment);
    end += write_time(end);
    end += sprintf(end, "\",\"sensor_type\":\"%.*s\",", sensor_len, sensor);
    end += sprintf(end, measurements, value);
    end += sprintf(end, ",\"metadata\":{\"firmware_version\":\"1.4.0\",\"rssi\":-61,\"uptime_seconds\":%u,\"boot_id\":1,\"seq\":%u}}", seq, seq);
    return (size_t)(end - out);
}
