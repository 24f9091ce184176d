// Any bytes as a manifest and as a signature: both come from outside before anything is trusted.
#include <array>
#include <cstdlib>

#include "ota_manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::array<egiz::JsonToken, 64> pool;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    egiz::OtaManifest manifest;
    if (egiz::parse_manifest(text, pool, manifest) == egiz::Code::received) {
        if (manifest.size == 0 || manifest.build == 0 || manifest.version.empty()) std::abort();
        if (manifest.url.view().substr(0, 8) != "https://") std::abort();
    }
    (void)egiz::parse_signature(text);
    return 0;
}
