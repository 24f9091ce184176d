// Any sequence of readings through the filters: a good result is always one of the good inputs, and nothing good comes
// out of what is not.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "sensors/filter.hpp"
#include "sensors/loop_current.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace egiz;
    using namespace egiz::sensors;
    if (size < 3) return 0;
    MedianFilter median;
    median.set_window(data[0]);
    Freshness freshness(data[1] * 10U);
    ChangeFilter change(data[2]);
    Contact contact(data[1]);
    Presence presence;
    std::vector<std::int32_t> good;
    std::uint64_t now = 0;
    for (std::size_t i = 3; i + 2 < size; i += 3) {
        now += data[i];
        const auto quality = static_cast<Quality>(data[i + 1] % 7);
        const Measured in{quality == Quality::ok ? static_cast<std::int32_t>(data[i + 2]) << 16 : 0, quality};
        if (quality == Quality::ok) good.push_back(in.raw);
        const Measured out = median.push(in);
        if ((out.quality == Quality::ok) != (quality == Quality::ok)) std::abort();
        if (out.quality == Quality::ok && std::find(good.begin(), good.end(), out.raw) == good.end()) std::abort();
        freshness.store(out, now);
        if (freshness.at(now) != out) std::abort();
        (void)change.push(out);
        if (change.reported().quality != out.quality) std::abort();
        (void)contact.push((data[i + 2] & 1) != 0, now);
        if (presence.due(now)) presence.failed(now);
        if (presence.due(now) && presence.due(now + 30'000) != presence.due(now)) std::abort();
        if (!presence.due(now + 30'000)) std::abort();
        const Measured loop = loop_value(in.raw >> 8, LoopScale{data[0] * 1'000U, -in.raw, in.raw});
        if (loop.quality != Quality::ok && loop.raw != 0) std::abort();
    }
    return 0;
}
