#include "file_kv.hpp"

#include <algorithm>

#include "atomic_file.hpp"
#include "bytes.hpp"

namespace egiz::host {
namespace {
constexpr std::size_t max_key = 15;      // NVS
constexpr std::size_t max_value = 4000;  // NVS, one page
}  // namespace

FileKv::FileKv(std::string path) : path_(std::move(path)) {
    const auto content = read_file(path_);
    if (!content || content->size() < 4) return;
    const Bytes body(content->data(), content->size() - 4);
    ByteReader crc(Bytes(*content).last(4));
    if (crc.u32() != crc32(body)) return;
    ByteReader in(body);
    while (in.used() < body.size() && !in.failed()) {
        std::vector<std::uint8_t> key(static_cast<std::size_t>(in.le(1)));
        in.raw(key);
        std::vector<std::uint8_t> value(static_cast<std::size_t>(in.le(2)));
        in.raw(value);
        if (!in.failed()) values_[std::string(key.begin(), key.end())] = std::move(value);
    }
}

Result<std::size_t> FileKv::get(std::string_view key, MutableBytes out) {
    const auto it = values_.find(key);
    if (it == values_.end()) return Err::not_found;
    if (it->second.size() > out.size()) return Err::no_space;
    std::copy(it->second.begin(), it->second.end(), out.begin());
    return it->second.size();
}

Status FileKv::put(std::string_view key, Bytes value) {
    if (key.empty() || key.size() > max_key || value.size() > max_value) return Err::bad_argument;
    auto& stored = values_[std::string(key)];
    if (std::equal(stored.begin(), stored.end(), value.begin(), value.end()) && !stored.empty()) return {};
    stored.assign(value.begin(), value.end());
    return store();
}

Status FileKv::erase(std::string_view key) {
    const auto it = values_.find(key);
    if (it == values_.end()) return {};
    values_.erase(it);
    return store();
}

Status FileKv::erase_all() {
    values_.clear();
    return store();
}

Status FileKv::store() {
    std::vector<std::uint8_t> out;
    for (const auto& [key, value] : values_) {
        out.push_back(static_cast<std::uint8_t>(key.size()));
        out.insert(out.end(), key.begin(), key.end());
        out.push_back(static_cast<std::uint8_t>(value.size()));
        out.push_back(static_cast<std::uint8_t>(value.size() >> 8));
        out.insert(out.end(), value.begin(), value.end());
    }
    const std::uint32_t crc = crc32(out);
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(crc >> (8 * i)));
    return replace_file(path_, out) ? Status() : Status(Err::io);
}

}  // namespace egiz::host
