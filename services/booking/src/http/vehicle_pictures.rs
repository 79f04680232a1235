//! Handlers of vehicles' pictures.

use super::Subject;
use crate::BookingState;
use crate::app::vehicle_pictures as pictures;
use crate::domain::VehicleId;
use crate::store::vehicle_pictures::{self, VehiclePicture};
use crate::store::vehicles;
use actix_web::body::BoxBody;
use actix_web::http::header::{self, EntityTag};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, Responder};
use blob_store::picture::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PIXELS, PictureType};
use blob_store::random_blob_name;
use blob_store::scan::find_infection;
use chassis::audit;
use http_api::handler::Response;
use http_api::{
    Caller, Created, Doc, FieldErrors, File, FileType, Idempotent, NoContent, Path, Problem, has_entity_tag, operation,
};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A picture as the body of a request.
pub(crate) struct PictureFile;

impl FileType for PictureFile {
    const CONTENT_TYPE: &'static str = "image/*";
    const MAX_BYTES: usize = 2 * 1024 * 1024;
}

/// A picture of a vehicle.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PictureView {
    n: i64,
    /// Where it is read; no other picture ever has this address.
    url: String,
    /// Detected from the bytes.
    content_type: PictureType,
    /// In bytes.
    size: i64,
}

/// The address of a picture.
pub(crate) fn url(vehicle: VehicleId, n: i64) -> String {
    format!("/api/v1/vehicles/{vehicle}/pictures/{n}")
}

impl From<VehiclePicture> for PictureView {
    fn from(picture: VehiclePicture) -> Self {
        Self {
            n: picture.n,
            url: url(picture.vehicle_id, picture.n),
            content_type: picture.content_type,
            size: picture.size_bytes.get().into(),
        }
    }
}

/// Add a picture of a vehicle: a JPEG or PNG of at most 2 MiB as the body.
///
/// The type is detected from the first bytes, and the picture is decoded whole. 409 with `booking.too_many_pictures` for
/// the eleventh; 413 for a file that is too large; 422 with `booking.picture_invalid` for one that is no picture.
/// Where files are scanned for viruses: 422 with `upload.infected` for one in which a virus is found, and 503 with
/// `upload.scan_unavailable` while the scanner does not work.
#[operation]
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(vehicle_id): Path<VehicleId>,
    request: Idempotent<File<PictureFile>>,
) -> Result<Created<PictureView>, Problem> {
    vehicles::find(&mut *state.ctx.db().read().await?, vehicle_id).await?.ok_or_else(Problem::not_found)?;
    let (bytes, request) = request.read().await?;
    let content_type = validate(&state, &bytes).await?;
    refuse_infected(&state, &caller, vehicle_id, &bytes).await?;
    let now = state.ctx.now();
    let picture = VehiclePicture {
        vehicle_id,
        n: 0,
        content_type,
        size_bytes: u32::try_from(bytes.len()).map_err(Problem::internal)?.into(),
        sha256: Sha256::digest(&bytes).to_vec(),
        blob_name: random_blob_name(),
        added_by: caller.user_id,
        added_at: now,
    };
    // Bytes before row, so that no row lacks its bytes. A crash leaves bytes without a row, which are harmless.
    state.blobs.put(&picture.blob_name, bytes.to_vec()).await?;
    let created = request.run(&state.ctx, async |c| {
        let added = pictures::add(c, &picture).await?;
        let detail = format!("picture {}", added.n);
        audit::record(c, &caller, now, "vehicle.add_picture", Subject::Vehicle(vehicle_id), &detail).await?;
        Ok(PictureView::from(added))
    });
    let created = created.await;
    if created.as_ref().map_or(true, Created::is_repeated) {
        let _orphaned = state.blobs.delete(&picture.blob_name).await;
    }
    created
}

/// Scans the picture for viruses. 422 for an infected one, which is recorded in the audit log; 503 when it is not
/// scanned.
async fn refuse_infected(
    state: &BookingState,
    caller: &Caller,
    vehicle_id: VehicleId,
    bytes: &Bytes,
) -> Result<(), Problem> {
    let Some(infection) = find_infection(&*state.scanner, bytes).await? else { return Ok(()) };
    let (action, now) = ("vehicle.picture_infected", state.ctx.now());
    let detail = format!("{}, sha256 {}", infection.signature(), hex::encode(Sha256::digest(bytes)));
    state
        .ctx
        .tx(async |c| {
            let subject = (Subject::Vehicle(vehicle_id), Vec::new());
            audit::record_of_anyone(c, caller, now, action, subject, &detail).await
        })
        .await?;
    Err(infection.into())
}

/// The type of a picture. Errors with 422 for a file that is none.
async fn validate(state: &BookingState, bytes: &Bytes) -> Result<PictureType, Problem> {
    let mut errors = FieldErrors::new();
    let found = PictureType::detect(bytes);
    let is_decodable = match found {
        Some(content_type) => state.decoders.is_decodable(content_type, bytes.clone()).await?,
        None => false,
    };
    errors.require("file", found.is_some(), "type", "the content is not a JPEG or PNG");
    let (pixels, side) = (MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PIXELS);
    let detail = format!("the picture cannot be decoded, or has more than {pixels} pixels or {side} on a side");
    errors.require("file", found.is_none() || is_decodable, "undecodable", detail);
    errors.finish("booking.picture_invalid")?;
    found.ok_or_else(|| Problem::internal("a validated picture has a type"))
}

/// Remove a picture of a vehicle.
///
/// One that was removed before is no error. 404 when the vehicle never had it.
#[operation]
pub(crate) async fn delete(
    state: web::Data<BookingState>,
    caller: Caller,
    Path((vehicle_id, n)): Path<(VehicleId, i64)>,
) -> Result<NoContent, Problem> {
    let now = state.ctx.now();
    let removed = state
        .ctx
        .tx(async |c| {
            let removed = pictures::remove(c, vehicle_id, n).await?;
            if removed.is_some() {
                let detail = format!("picture {n}");
                audit::record(c, &caller, now, "vehicle.remove_picture", Subject::Vehicle(vehicle_id), &detail).await?;
            }
            Ok::<_, Problem>(removed)
        })
        .await?;
    if let Some(picture) = removed {
        let _orphaned = state.blobs.delete(&picture.blob_name).await;
    }
    Ok(NoContent)
}

/// 200 with the picture, or 304 when the client has it. Both may be kept without limit: a number is never used again.
pub(crate) struct PictureResponse {
    tag: EntityTag,
    /// `None` when the client has it.
    picture: Option<(PictureType, Vec<u8>)>,
}

impl Responder for PictureResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = if self.picture.is_some() { HttpResponse::Ok() } else { HttpResponse::NotModified() };
        response.insert_header(header::ETag(self.tag));
        response.insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        match self.picture {
            Some((content_type, bytes)) => response.content_type(content_type.as_str()).body(bytes),
            None => response.finish(),
        }
    }
}

impl Response for PictureResponse {
    fn describe(doc: Doc) -> Doc {
        doc.returns_file([PictureType::Jpeg.as_str(), PictureType::Png.as_str()]).empty_response(304)
    }
}

/// Read a picture of a vehicle.
///
/// It never changes. 304 with its `ETag` in `If-None-Match`. 404 when the vehicle has no picture with this number.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    request: HttpRequest,
    Path((vehicle_id, n)): Path<(VehicleId, i64)>,
) -> Result<PictureResponse, Problem> {
    let found = vehicle_pictures::find(&mut *state.ctx.db().read().await?, vehicle_id, n).await?;
    let picture = found.ok_or_else(Problem::not_found)?;
    let tag = EntityTag::new_strong(hex::encode(&picture.sha256));
    if has_entity_tag(&request, &tag) {
        return Ok(PictureResponse { tag, picture: None });
    }
    let bytes = state.blobs.get(&picture.blob_name).await?;
    if Sha256::digest(&bytes).as_slice() != picture.sha256 {
        return Err(Problem::internal(format!("picture {n} of vehicle {vehicle_id} does not match its SHA-256")));
    }
    Ok(PictureResponse { tag, picture: Some((picture.content_type, bytes)) })
}
