// Does the merchant's business with wechatpay-axios-plugin. Orders as JSON on stdin, what it saw on stdout.
// Its own promise is in what it throws: an answer whose signature does not hold ends this process with an error.
const { readFileSync } = require('node:fs');
const { Wechatpay, Rsa, Formatter, Aes } = require('wechatpay-axios-plugin');

async function main() {
  const orders = JSON.parse(readFileSync(0, 'utf8'));
  const { merchant, stock_id, openid } = orders;
  const certs = orders.mode === 'public_key'
    ? { [merchant.public_key_id]: merchant.public_key_pem }
    : { [orders.certificate_serial]: orders.certificate_pem };
  const [[serial, platformKey]] = Object.entries(certs);
  const pay = new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serial_no,
    privateKey: merchant.private_key_pem,
    certs: { ...certs },
    baseURL: `${orders.url}/`,
    timeout: 10000,
    proxy: false,
    headers: { 'Wechatpay-Serial': serial },
  });
  const busifavor = pay.v3.marketing.busifavor;
  const told = async (call) => {
    try {
      const { status, data } = await call;
      return [status, data === '' ? null : data];
    } catch (error) {
      // Only the platform's refusals are answers; everything else is this library's own doubt.
      if (!error.response || error.response.status < 300) throw error;
      return [error.response.status, error.response.data];
    }
  };
  const send = (out_request_no, stock) => told(busifavor.coupons.send.post({
    openid, appid: merchant.appid, stock_id: stock, out_request_no,
  }));

  const seen = { send: await send('JS_1', stock_id), again: await send('JS_1', stock_id) };
  const coupon_code = seen.send[1].coupon_code;
  seen.coupons = await told(busifavor.users._openid_.coupons.get({
    openid,
    params: { appid: merchant.appid, stock_id, creator_merchant: merchant.mchid, limit: 20, offset: 0 },
  }));
  seen.coupon = await told(busifavor.users._openid_.coupons._code_.appids._appid_.get({
    openid, code: coupon_code, appid: merchant.appid,
  }));
  seen.stock = await told(busifavor.stocks._stock_id_.get({ stock_id }));
  seen.refused = await send('JS_2', '99');
  seen.associated = await told(busifavor.coupons.associate.post({
    stock_id, coupon_code, out_trade_no: 'T1', out_request_no: 'A1',
  }));
  seen.disassociated = await told(busifavor.coupons.disassociate.post({
    stock_id, coupon_code, out_trade_no: 'T1', out_request_no: 'D1',
  }));
  seen.used = await told(busifavor.coupons.use.post({
    coupon_code, stock_id, appid: merchant.appid, use_time: '2026-01-01T00:00:00+08:00', use_request_no: 'U1',
  }));
  seen.returned = await told(busifavor.coupons.return.post({ coupon_code, stock_id, return_request_no: 'R1' }));
  seen.deactivated = await told(busifavor.coupons.deactivate.post({
    coupon_code, stock_id, deactivate_request_no: 'X1', deactivate_reason: '发错了',
  }));
  seen.made = await told(busifavor.stocks.post(orders.new_stock));
  const made = seen.made[1].stock_id;
  seen.changed = await told(busifavor.stocks._stock_id_.patch({ out_request_no: 'M1', comment: 'changed' }, { stock_id: made }));
  seen.budget = await told(busifavor.stocks._stock_id_.budget.patch(
    { target_max_coupons: 20, current_max_coupons: 10, modify_budget_request_no: 'B1' }, { stock_id: made },
  ));
  seen.uploaded = await told(busifavor.stocks._stock_id_.couponcodes.post(
    { coupon_code_list: ['A-1', 'A-2'], upload_request_no: 'UP1' }, { stock_id: made },
  ));
  seen.callback = await told(busifavor.callbacks.post({ mchid: merchant.mchid, notify_url: orders.notify_url }));
  seen.callback_read = await told(busifavor.callbacks.get({ params: { mchid: merchant.mchid } }));
  seen.sent_of_made = await send('JS_3', made);

  const { headers, body } = orders.notice;
  const message = Formatter.response(headers['Wechatpay-Timestamp'], headers['Wechatpay-Nonce'], body);
  const key = Rsa.from(platformKey, Rsa.KEY_TYPE_PUBLIC);
  if (headers['Wechatpay-Serial'] !== serial || !Rsa.verify(message, headers['Wechatpay-Signature'], key)) {
    throw new Error('the notification is not signed by the platform');
  }
  const notice = JSON.parse(body);
  const { ciphertext, nonce, associated_data } = notice.resource;
  notice.resource = JSON.parse(Aes.AesGcm.decrypt(ciphertext, merchant.apiv3_key, nonce, associated_data));
  seen.notice = notice;
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
