import should from 'should';
import { Counter, Gauge, Registry } from '../../../lib/metrics/registry';
import { type MetricsServer, serveMetrics } from '../../../lib/metrics/server';

describe('the metrics server (SPEC 6, metricsUrl)', () => {
  let registry: Registry;
  let server: MetricsServer;
  beforeEach(async () => {
    registry = new Registry();
    server = await serveMetrics(registry, { host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  it('tells what is registered in the text format of Prometheus', async () => {
    new Counter({ name: 'egiz_things_total', help: 'Things', registers: [registry] }).inc(3);
    const response = await fetch(server.url);
    should(response.status).equal(200);
    should(response.headers.get('content-type')).match(/^text\/plain; version=0\.0\.4/);
    should((await response.text()).split('\n')).containEql('egiz_things_total 3');
  });

  it('answers nothing else, and takes no writing', async () => {
    should((await fetch(new URL('/', server.url))).status).equal(404);
    const response = await fetch(server.url, { method: 'POST' });
    should(response.status).equal(405);
    should(response.headers.get('allow')).equal('GET, HEAD');
  });

  it('says 500 when a metric cannot be read, and goes on', async () => {
    let broken = true;
    new Gauge({
      name: 'egiz_broken',
      help: 'Broken',
      registers: [registry],
      collect() {
        if (broken) throw new Error('out of order');
      },
    });
    const response = await fetch(server.url);
    should(response.status).equal(500);
    should(await response.text()).containEql('out of order');
    broken = false;
    should((await fetch(server.url)).status).equal(200);
  });

  it('rejects when the port is taken', async () => {
    const port = Number(new URL(server.url).port);
    await should(serveMetrics(registry, { host: '127.0.0.1', port })).be.rejectedWith({ code: 'EADDRINUSE' });
  });
});
