// Any bytes on the command topic of a running board. It may answer or not, but it must stay the board it was: no
// restart, no erased slot, no configuration without a matching hash.
#include <cstdlib>
#include <string>

#include "bench_board.hpp"
#include "psa_crypto.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static egiz::host::PsaCrypto crypto;
    egiz::test::Bench bench(crypto, 6);
    bench.boot();
    bench.run(1500);
    bench.command({reinterpret_cast<const char*>(data), size});
    bench.run(1500);
    if (bench.slots.begins != 0) std::abort();  // nothing here is signed
    for (const auto& p : bench.received) {
        if (p.payload.empty() || p.payload.back() != '}') std::abort();
    }
    return 0;
}
