// Any 64 bytes as a record: what is accepted must encode to the same bytes and to a payload.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "bytes.hpp"
#include "payloads.hpp"
#include "timestamp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)egiz::parse_timestamp({reinterpret_cast<const char*>(data), size});
    egiz::RecordBytes bytes{};
    std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
    // A fuzzer cannot guess a checksum; it is put right so that the rest is reached.
    const std::uint16_t crc = egiz::crc16({bytes.data(), bytes.size() - 2});
    bytes[62] = static_cast<std::uint8_t>(crc);
    bytes[63] = static_cast<std::uint8_t>(crc >> 8);
    const egiz::Result<egiz::Record> record = egiz::decode(bytes);
    if (!record) return 0;
    egiz::RecordBytes again{};
    egiz::encode(record.value(), again);
    const egiz::Result<egiz::Record> second = egiz::decode(again);
    if (!second || !(second.value() == record.value())) std::abort();
    std::array<char, 2304> payload;
    egiz::JsonWriter out(payload);
    egiz::BoardIdentity identity;
    egiz::write_telemetry(out, record.value(), identity, record.value().time_ms);
    if (!out.good()) std::abort();
    return 0;
}
